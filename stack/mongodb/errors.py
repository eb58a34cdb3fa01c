"""MongoDB's errors, in its own codes and words: what cannot be answered rightly is refused."""

from typing import Any

BAD_VALUE = 2
UNKNOWN = 8
DUPLICATE_KEY = 11000
NAMES = {
    2: "BadValue",
    8: "UnknownError",
    9: "FailedToParse",
    14: "TypeMismatch",
    20: "IllegalOperation",
    115: "CommandNotSupported",
    168: "InvalidPipelineOperator",
    11000: "DuplicateKey",
}


class MongoError(Exception):
    """One command is refused with this code and text."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    def reply(self) -> dict[str, Any]:
        """As a server answers it."""
        name = NAMES.get(self.code, f"Location{self.code}")
        return {"ok": 0, "errmsg": str(self), "code": self.code, "codeName": name}


def bad_value(message: str) -> MongoError:
    """What a server says of a value it cannot take."""
    return MongoError(BAD_VALUE, message)


def unknown_stage(name: str) -> MongoError:
    """Also for stages of MongoDB that this server does not have."""
    return MongoError(40324, f"Unrecognized pipeline stage name: '{name}'")


def unknown_expression(name: str) -> MongoError:
    """Also for expressions of MongoDB that this server does not have."""
    return MongoError(168, f"Unrecognized expression '{name}'")
