from histories import History
from virtual import VirtualSystem, run

from llmactors import Actor, message
from llmactors.testing import LifeEnded
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


def test_what_an_ended_life_still_holds_and_what_is_used_and_not_spent_is_found() -> None:
    async def main() -> None:
        law = BudgetsBalance()
        async with VirtualSystem(Team) as system:
            history = History().up("/", 1).up("/caller", 2)
            for event in history.events:
                law.saw(event)  # type: ignore[arg-type]  # it is of the kinds that it sees
            assert list(law.look(system)) == []
            (bank,) = law._banks
            account, ref = bank.accounts["/caller"], system.ref(Team.caller)
            account.reserve(ref, {"calls": 1.0}, wait=False)
            assert list(law.look(system)) == []
            law.saw(LifeEnded(number=9, at=0.0, cause=None, path="/caller", life=2, exit="killed", clean=False))
            assert list(law.look(system)) == ["/caller holds what it reserved in a life that is over"]
            account.ended(ref)
            assert list(law.look(system)) == []
            bank.ledger.account("/caller").used["calls"] += 7
            assert [said for said in law.look(system) if "not spent" in said] == [
                "`calls` of /: 7 billionths were used, and not spent",
                "`calls` of /caller: 7 billionths were used, and not spent",
            ]

    run(main())
