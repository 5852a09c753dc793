"""Our control groups, read from what Linux says in the arrangements that there are."""

import pytest

from llmactors._core.cgroups import places

V1 = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
V2 = "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"
CONTAINER = "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
ODD = r"35 31 0:32 / /mnt/c\040group rw - cgroup cgroup rw,memory" + "\n"


@pytest.mark.parametrize(
    ("mountinfo", "own", "found"),
    [
        pytest.param(
            V1,
            "4:memory:/api/7\n2:cpu,cpuacct:/\n0::/\n",
            {
                "cpu": (1, "/sys/fs/cgroup/cpu,cpuacct"),
                "memory": (1, "/sys/fs/cgroup/memory/api/7"),
                "": (2, "/sys/fs/cgroup/unified"),
            },
            id="both at once",
        ),
        pytest.param(V2, "0::/user.slice/x\n", {"": (2, "/sys/fs/cgroup/user.slice/x")}, id="version 2"),
        pytest.param(
            CONTAINER, "4:memory:/docker/abc/x\n", {"memory": (1, "/sys/fs/cgroup/memory/x")}, id="part of it mounted"
        ),
        pytest.param(CONTAINER, "4:memory:/other\n", {"memory": (1, "/sys/fs/cgroup/memory")}, id="another part"),
        pytest.param(ODD, "4:memory:/\n", {"memory": (1, "/mnt/c group")}, id="a blank in the name"),
        pytest.param(V1, "", {}, id="in no group"),
        pytest.param("", "0::/\n", {}, id="nothing mounted"),
    ],
)
def test_our_group_of_each_controller_is_found(mountinfo: str, own: str, found: dict[str, tuple[int, str]]) -> None:
    places_found = places(mountinfo, own)
    assert {name: (place.version, str(place.path)) for name, place in places_found.items()} == found
