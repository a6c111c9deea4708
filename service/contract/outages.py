"""What redis-py raises, as the two errors that the rest of Dépêche knows: not now, or never."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import AuthenticationError, ConnectionError, DataError, RedisError, ResponseError, TimeoutError

from service.contract.errors import StoreFault, StoreUnavailable

#: Redis's codes for what passes, or what whoever runs it can mend: what Redis does then, and seconds until another try.
_PASSING = {
    "LOADING": ("is still loading its data", 2),
    "BUSY": ("is busy with a script", 2),
    "OOM": ("has no memory left (maxmemory)", 30),
    "MISCONF": ("can't write its data to disk", 30),
    "READONLY": ("is a read-only replica", 5),
    "MASTERDOWN": ("has lost its primary", 5),
    "NOREPLICAS": ("has too few replicas to take writes", 5),
    "NOAUTH": ("asks for a password", 30),
    "WRONGPASS": ("refused the password or user name", 30),
    "NOPERM": ("does not permit this user a command that is needed", 30),
    "NOSCRIPT": ("forgot a script", 1),
    "UNKILLABLE": ("is busy with a script", 2),
}

#: Such a code in the message of a script that met it; Redis 6 puts it behind the place in the script.
_NESTED = re.compile(rf"(?:^|[\s:]-?)({'|'.join(_PASSING)})\b")

#: How Redis 7 says within a script that the user may not do this.
_NOT_PERMITTED = re.compile(r"can't (?:run this command|access at least one of the (?:keys|channels))")


@contextmanager
def store_errors() -> Iterator[None]:
    """Turns what redis-py raises into `StoreUnavailable` or, where no other try can help, `StoreFault`.

    The reasons hold no address, no key and no value.
    """
    try:
        yield
    except TimeoutError as error:
        raise StoreUnavailable("did not answer in time") from error
    except AuthenticationError as error:
        raise unavailable("WRONGPASS") from error
    except ConnectionError as error:
        code = passing_code(error)
        raise (unavailable(code) if code else StoreUnavailable("can't be reached")) from error
    except ResponseError as error:
        code = passing_code(error)
        raise (unavailable(code) if code else StoreFault(_code(error))) from error
    except DataError as error:
        raise StoreFault("data") from error
    except RedisError as error:
        raise StoreUnavailable("failed") from error


def passing_code(error: RedisError) -> str | None:
    """Redis's code for something that passes, such as `OOM`, also where a script met it; None for anything else."""
    if error.status_code in _PASSING:
        return error.status_code
    message = str(error)
    nested = _NESTED.search(message)
    if nested:
        return nested[1]
    return "NOPERM" if _NOT_PERMITTED.search(message) else None


def unavailable(code: str) -> StoreUnavailable:
    """What there is to say of one of Redis's codes that pass."""
    reason, retry_after = _PASSING[code]
    return StoreUnavailable(reason, retry_after=retry_after)


def _code(error: RedisError) -> str:
    """Redis's code for the error, in lower case."""
    first = str(error).partition(" ")[0]
    return (error.status_code or (first if first.isupper() else "ERR")).lower()
