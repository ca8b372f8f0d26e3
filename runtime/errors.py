"""The errors of the project, on one page.

CliffhangerError
├── SettingsError           a setting is unknown or wrong: fix it and start again
├── WorldError              something outside is away: retry, then fail-stop
│   ├── BrokerAwayError     Kafka does not answer
│   ├── WarehouseAwayError  ClickHouse does not answer, or is too busy to
│   ├── CollectorAwayError  the collector does not answer
│   └── DeliveryError       events were handed over and the broker never acknowledged them
└── RefusedError            the world said no, and will say it again: fail-stop
    ├── LoginError              Kafka does not know the user, or not by this password
    ├── WarehouseRefusedError   ClickHouse refuses a statement of ours
    ├── TopicMismatchError      a topic exists in another shape than the contract says
    ├── MigrationError          the migrations applied are not the migrations here
    ├── CheckpointError         no checkpoint of a partition can be trusted
    ├── RulesMismatchError      a checkpoint of the same logic_epoch was made under other rules
    ├── SealError               a sealed line cannot be opened with the keys given
    ├── EpochError              a logic_epoch was not begun, or cannot begin as asked
    └── RetentionError          Kafka deleted events that no checkpoint covers

Bad input is no error: it is a line with a reason (schemas/reasons.py).
"""


class CliffhangerError(Exception):
    """Everything that this project raises on purpose. The text is written for the person who runs it."""


class SettingsError(CliffhangerError):
    """A setting is unknown or wrong; the text names it."""


class WorldError(CliffhangerError):
    """Something outside is away. The caller retries with backoff."""


class BrokerAwayError(WorldError):
    """Kafka does not answer."""


class WarehouseAwayError(WorldError):
    """ClickHouse does not answer, or is too busy to."""


class CollectorAwayError(WorldError):
    """The collector does not answer."""


class DeliveryError(WorldError):
    """Events were handed over and the broker never acknowledged them; the text counts them."""


class RefusedError(CliffhangerError):
    """The world said no, and will say it again. The process stops."""


class LoginError(RefusedError):
    """Kafka does not know the user, or not by this password."""


class WarehouseRefusedError(RefusedError):
    """ClickHouse refuses a statement of ours."""


class TopicMismatchError(RefusedError):
    """A topic exists in another shape than the contract says."""


class MigrationError(RefusedError):
    """The migrations applied are not the migrations here."""


class CheckpointError(RefusedError):
    """No checkpoint of a partition can be trusted."""


class RulesMismatchError(RefusedError):
    """A checkpoint of the same `logic_epoch` was made under other rules."""


class SealError(RefusedError):
    """A sealed line cannot be opened with the keys given."""


class EpochError(RefusedError):
    """A `logic_epoch` was not begun, or cannot begin as asked."""


class RetentionError(RefusedError):
    """Kafka deleted events that no checkpoint covers."""
