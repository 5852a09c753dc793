"""A small agent app: a clerk who answers questions, with a model that plays a script instead of a real one."""

from llmactors.hosts import Loop
from llmagentos import Agent, Journal, Models
from llmagentos.testing import Script, cut, stall, status
from supervisors import Intensity, Supervisor, child

ANSWER = "We are open from nine to five."


class Clerk(Agent):
    """Answers. Its model first refuses, then stalls and breaks off, and then answers: as real ones do on a bad day."""

    model = Script([status(429, retry_after=7)], ["We are ", stall(30), cut], ANSWER)


class Helpdesk(Supervisor):
    """The tree: what is remembered, the models, and who answers."""

    intensity = Intensity(50, within=60)
    journal = child(Journal)
    models = child(Models, Loop())
    clerk = child(Clerk)
