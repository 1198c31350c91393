"""Asking for a person, and no longer. The gateway does it and says so; it alone knows the queue."""

from actions.talk import Answer, CandorAction, Talk, press


class ActionRequestHuman(CandorAction):
    """Ask for a person."""

    def name(self) -> str:
        return "action_request_human"

    def answer(self, talk: Talk) -> list[Answer]:
        return [press("/request_human", kind="handoff", text=talk.words("handoff.button_person"))]


class ActionCancelHandoff(CandorAction):
    """Stop waiting."""

    def name(self) -> str:
        return "action_cancel_handoff"

    def answer(self, talk: Talk) -> list[Answer]:
        return [press("/cancel_handoff", kind="handoff", text=talk.words("handoff.button_stop"))]
