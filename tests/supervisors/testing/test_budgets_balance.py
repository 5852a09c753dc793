from histories import History
from virtual import VirtualSystem, run

from llmactors import Actor, message
from supervisors import Allowance, Budget, ResourceSupervisor, child
from supervisors.testing._budgets import BudgetsBalance


class Caller(Actor):
    @message
    async def call(self) -> None:
        async with self.context.reserve(calls=1):
            pass


class Team(ResourceSupervisor):
    budget = Budget(Allowance(calls=5))
    caller = child(Caller, budget=Budget(Allowance(calls=2)))


def test_the_budgets_of_a_running_tree_are_audited_at_every_look() -> None:
    async def main() -> None:
        law = BudgetsBalance()
        async with VirtualSystem(Team) as system:
            for event in History().up("/", 1).events:
                law.saw(event)  # type: ignore[arg-type]  # it is of the kinds that it sees
            await system.ref(Team.caller).ask(Caller.call())
            assert list(law.look(system)) == []
            (bank,) = law._banks
            line = bank.ledger.account("/caller").lines["calls"]
            line.spent += 10**9
            assert list(law.look(system)) != []
            line.spent -= 10**9
            assert "the account of /caller is still open" in list(law.over())
        assert list(law.over()) == []

    run(main())
