"""The trees: who restarts whom, when to give up, who must wait for budget."""
