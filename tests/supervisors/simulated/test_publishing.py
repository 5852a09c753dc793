"""Topics and groups under every fault: what is published comes once and in order, and who watches a group knows it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from shaken import PATIENT, begin, note, settled, words

from llmactors import Actor, Down, Groups, Joined, Left, Mailbox, Topic, message
from llmactors.testing import At, Faults, Finished, Injected, LifeBegan, Sent, Taken, World, simulate
from supervisors import Supervisor, child


class Reader(Actor):
    """Subscribes whenever it is told to, and reads."""

    mailbox = Mailbox(capacity=4, overflow="drop_oldest")

    @message
    def read(self, number: int) -> None:
        note("read", self.context.path, number)


class News(Supervisor):
    intensity = PATIENT
    topic = child(Topic)
    ann = child(Reader)
    bob = child(Reader)
    cem = child(Reader)


READERS = ("/ann", "/bob", "/cem")

HARM = Faults(
    crash=[At("/*"), At("/*", when="finished")],
    kill=[At("/*"), At("/*", when="finished")],
    slow=READERS,
    delay="/*",
    drop="/*",
    rate=0.02,
    most=4,
)


@simulate(News, faults=HARM)
async def test_what_is_published_is_told_to_each_subscriber_once_and_in_order(world: World) -> None:
    begin(world)
    random = world.random
    for number in range(12):
        reader = world.ref(random.choice(READERS))
        if random.random() < 0.6:
            world.tell(News.topic, random.choice([Topic.subscribe, Topic.subscribe, Topic.unsubscribe])(reader))
        world.tell(News.topic, Topic.publish(Reader.read(number)))
        if random.random() < 0.3:
            await world.advance(random.choice([0.0, 0.1, 1.0]))
    await world.heal()
    await world.advance(10.0)
    judge_news(world)
    world.sometimes("something was read", world.seen(lambda event: words(event)[:1] == ["read"]))
    world.sometimes("a fault happened", world.seen(Injected))


def judge_news(world: World) -> None:
    """Each number that a topic has published was sent once to each of its subscribers, and nobody else, and read so."""
    sent: dict[int, Sent] = {}
    subscribers: dict[str, None] = {}
    told: Counter[str] = Counter()
    last: defaultdict[str, int] = defaultdict(lambda: -1)
    for event in world.events:
        match event:
            case LifeBegan(path="/topic"):
                subscribers.clear()
            case Sent(by="/topic", message="Reader.read"):
                told[event.to] += 1
            case Sent():
                sent[event.letter] = event
            case Taken(path="/topic"):
                told.clear()
            case Finished(path="/topic") if event.letter in sent:
                text = sent[event.letter].text
                who = next((path for path in READERS if f"ActorRef {path} " in text), "")
                if text.startswith("Topic.subscribe"):
                    subscribers[who] = None
                elif text.startswith("Topic.unsubscribe"):
                    subscribers.pop(who, None)
                elif text.startswith("Topic.publish"):
                    assert told == dict.fromkeys(subscribers, 1), "each subscriber is told once, and nobody else"
        what, *about = words(event) or [""]
        if what == "read":
            assert int(about[1]) > last[about[0]], "what is read comes in order, each once"
            last[about[0]] = int(about[1])


class Member(Actor):
    """Joins its group whenever that begins anew."""

    def on_start(self) -> None:
        self.join()

    @message
    def join(self) -> None:
        groups = self.context.ref("groups")
        self.context.monitor(groups)
        groups.tell(Groups.join("all", self.context.self_ref))

    @message
    def come(self) -> None:
        self.context.ref("groups").tell(Groups.join("all", self.context.self_ref))

    @message
    def go(self) -> None:
        self.context.ref("groups").tell(Groups.leave("all", self.context.self_ref))

    def receive(self, message: Any) -> None:
        match message:
            case Down():
                self.context.send_after(0.01, Member.join())


class Watcher(Actor):
    """Knows who is a member, as far as it is told."""

    mailbox = Mailbox(capacity=2)

    def __init__(self) -> None:
        self.members: Counter[str] = Counter()

    @message(limit=None)
    async def watch(self) -> None:
        self.members.clear()
        found = await self.context.ref("groups").ask(Groups.monitor("all", self.context.self_ref), 1_000.0)
        self.members.update(ref.path for ref in found)

    @message
    def known(self) -> list[str]:
        return sorted(self.members.elements())

    def receive(self, message: Any) -> None:
        match message:
            case Joined(_, member, times):
                self.members[member.path] += times
            case Left(_, member, times):
                self.members[member.path] -= times
                assert self.members[member.path] >= 0, "nobody leaves more often than it joined"


class Village(Supervisor):
    intensity = PATIENT
    groups = child(Groups)
    ann = child(Member)
    bob = child(Member)
    watcher = child(Watcher)


MEMBERS = ("/ann", "/bob")
UNRULY = Faults(
    crash=[At(path, when=when) for path in (*MEMBERS, "/groups") for when in ("taken", "finished")],
    kill=[At(path, when=when) for path in (*MEMBERS, "/groups") for when in ("taken", "finished")],
    slow="/watcher",
    delay=MEMBERS,
    rate=0.02,
    most=4,
)


@simulate(Village, faults=UNRULY)
async def test_who_watches_a_group_knows_its_members(world: World) -> None:
    begin(world)
    random = world.random
    watching = world.ask("/watcher", Watcher.watch(), 2_000.0)
    for _ in range(12):
        world.tell(random.choice(MEMBERS), random.choice([Member.come(), Member.come(), Member.go()]))
        match random.randrange(8):
            case 0:
                world.ref(random.choice([*MEMBERS, "/groups"])).kill()
            case 1:
                world.ref(random.choice(MEMBERS)).stop()
            case 2 | 3:
                await world.advance(random.choice([0.0, 0.02, 0.1, 1.0]))
    await world.heal()
    await settled([watching])
    await world.advance(10.0)
    watches = watches_now(world)
    if not watches:
        await world.ask("/watcher", Watcher.watch(), 2_000.0)
    for _ in range(6):
        world.tell(random.choice(MEMBERS), random.choice([Member.come(), Member.come(), Member.go()]))
    await world.advance(10.0)
    members = [ref.path for ref in await world.ask("/groups", Groups.members("all"))]
    assert Counter(members) == joined(world), "who has joined, and is not dead, is a member"
    known = await world.ask("/watcher", Watcher.known())
    assert known == sorted(members), "what the watcher was told adds up"
    world.sometimes("a watcher heard of changes under way", watches)
    world.sometimes("a fault happened", world.seen(Injected))


def watches_now(world: World) -> bool:
    """Whether the present life of the groups has been asked to tell the watcher."""
    monitors = {event.letter for event in world.events if isinstance(event, Sent) and event.message == "Groups.monitor"}
    watched = False
    for event in world.events:
        if isinstance(event, LifeBegan) and event.path == "/groups":
            watched = False
        elif isinstance(event, Finished) and event.letter in monitors:
            watched = True
    return watched


def joined(world: World) -> Counter[str]:
    """Return how often each member has joined the present groups and not left them, as far as they know."""
    sent = {event.letter: event for event in world.events if isinstance(event, Sent) and event.to == "/groups"}
    members: Counter[str] = Counter()
    for event in world.events:
        if isinstance(event, LifeBegan) and event.path == "/groups":
            members.clear()
        if not isinstance(event, (Finished, Taken)) or event.letter not in sent:
            continue
        letter = sent[event.letter]
        who = next((path for path in MEMBERS if f"ActorRef {path} " in letter.text), "")
        if isinstance(event, Taken) and letter.message == "Down":
            members.pop(who, None)
        elif isinstance(event, Finished) and letter.message == "Groups.join":
            members[who] += 1
        elif isinstance(event, Finished) and letter.message == "Groups.leave" and members[who]:
            members[who] -= 1
    return +members
