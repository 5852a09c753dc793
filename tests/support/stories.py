"""Histories of a program that loses a worker, as a recorder would write them down."""

from histories import History

from llmactors.testing._values import Healed, Noted


def answered_twice() -> History:
    """A pool gives a job to a worker that is killed after its answer and before it says so; it is given again."""
    h = History()
    h.up("/", 1, at=0.0, cause=None, kind="App").up("/pool", 2, "/", owner_life=1, at=0.0, kind="Pool")
    for number in (1, 2, 3):
        h.up(f"/pool/worker-{number}", 2 + number, "/pool", owner_life=2, at=0.01, kind="Worker", redeliver=1)
    job = {"message": "Pool.job", "text": "Pool.job(7)"}
    sent = len(h.events)
    h.sent(1, "/pool", kind="ask", at=0.02, cause=None, **job)
    h.sent(2, "/pool", kind="ask", at=0.02, cause=None, message="Pool.job", text="Pool.job(8)")
    h.taken(1, "/pool", 2, at=0.02, cause=sent).passed_on(1, "/pool/worker-2", "/pool", at=0.02)
    passed = len(h.events) - 1
    h.finished(1, "/pool", 2, at=0.02)
    h.taken(2, "/pool", 2, at=0.02, cause=sent + 1).passed_on(2, "/pool/worker-3", "/pool", at=0.02)
    h.finished(2, "/pool", 2, at=0.02)
    h.taken(1, "/pool/worker-2", 4, at=0.03, cause=passed)
    taken = len(h.events) - 1
    h.taken(2, "/pool/worker-3", 5, at=0.03, cause=passed + 3).finished(2, "/pool/worker-3", 5, at=0.9)
    h.resolved(2, at=0.9)
    h.finished(1, "/pool/worker-2", 4, at=1.25, cause=taken)
    h.resolved(1, at=1.25, cause=taken)
    h.injected("kill", "/pool/worker-2", "finished Worker.run #1", at=1.25, cause=taken)
    killed = len(h.events) - 1
    h.ended("/pool/worker-2", 4, asked=False, at=1.25, cause=killed)
    h.again(1, 2, "/pool", at=1.25, cause=killed + 2)
    h.up("/pool/worker-2", 6, "/pool", owner_life=2, at=2.25, cause=killed + 2, kind="Worker")
    h.taken(1, "/pool", 2, delivery=2, at=2.25, cause=killed + 3).passed_on(1, "/pool/worker-3", "/pool", at=2.25)
    h.finished(1, "/pool", 2, at=2.25)
    h.taken(1, "/pool/worker-3", 5, delivery=2, at=2.26, cause=len(h.events) - 2)
    h.resolved(1, at=3.1)
    return h


def long_day(messages: int = 120) -> History:
    """Three actors that talk to each other, one of which crashes now and then."""
    h = History()
    names = ("/desk", "/nets/net-1", "/nets/a-name-that-is-rather-long")
    for number, name in enumerate(names, 1):
        h.up(name, number, at=0.0, cause=None, kind="Net")
    lives = dict(zip(names, (1, 2, 3), strict=True))
    life, at = 3, 0.0
    for letter in range(1, messages + 1):
        by, to = names[letter % 3], names[(letter + 1 + letter // 5 % 2) % 3]
        if by == to:
            by = "outside"
        at += 0.37
        h.sent(letter, to, by, at=at, text=f"Net.predict({letter})", cause=len(h.events) - 1)
        h.taken(letter, to, lives[to], at=at + 0.05)
        if letter % 25 == 0:
            h.injected("crash", to, f"taken Net.predict #{letter}", at=at + 0.06).failed(
                letter, to, lives[to], at=at + 0.06
            )
            h.ended(to, lives[to], asked=False, at=at + 0.06)
            life += 1
            lives[to] = life
            h.up(to, life, at=at + 0.3, kind="Net")
        else:
            h.finished(letter, to, lives[to], at=at + 0.2)
    h.add(Healed, at=at + 1).add(Noted, at=at + 1, text="a worker died <holding> a job & more")
    return h
