"""What a sender may say, and as whom: asked of each event that the contract lets pass. Pure."""

from typing import Any, NamedTuple

from producers.collector.keys import WriteKey
from producers.collector.limits import Address
from producers.collector.pseudonyms import Pseudonyms
from producers.collector.tokens import Session
from schemas.reasons import Reason


class Sender(NamedTuple):
    """Whose request it is: the write key, the session of a player who proved one, and from where.

    The address says whose limit counts; nothing else is done with it.
    """

    key: WriteKey
    session: Session | None = None
    address: Address | None = None

    def objection(self, event: Any) -> Reason | None:
        """Why this sender may not send this event, or None. Asked before the event is changed."""
        if not self.key.may_send(event.__struct_config__.tag):
            return Reason.NOT_ALLOWED
        session = self.session
        if session is not None and session.contradicts(event.viewer_id, event.app_session_id):
            return Reason.OTHER_SESSION
        return None


def veil(event: Any, sender: Sender, pseudonyms: Pseudonyms) -> None:
    """Replace the viewer's id by its pseudonym, and set the environment that the key stands for."""
    event.viewer_id = pseudonyms.of(event.viewer_id)
    environment = sender.key.environment
    if environment is not None and hasattr(event, "environment"):
        event.environment = environment
