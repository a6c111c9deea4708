"""What redis-py raises, as the one error that the rest of Dépêche knows."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)

from service.contract.errors import StoreUnavailable


@contextmanager
def store_errors() -> Iterator[None]:
    """Turns what redis-py raises into `StoreUnavailable`, with a reason that holds no address and no key."""
    try:
        yield
    except TimeoutError as error:
        raise StoreUnavailable("did not answer in time") from error
    except AuthenticationError as error:
        raise StoreUnavailable("refused the password or user name") from error
    except ConnectionError as error:
        raise StoreUnavailable("can't be reached") from error
    except OutOfMemoryError as error:
        raise StoreUnavailable("has no memory left (maxmemory)", retry_after=30) from error
    except ReadOnlyError as error:
        raise StoreUnavailable("is a read-only replica") from error
    except NoPermissionError as error:
        raise StoreUnavailable("does not permit this user a command that is needed") from error
    except ResponseError as error:
        reason = str(error).split(" ", 1)[0].lower()
        raise StoreUnavailable(f"refused a command ({reason})") from error
    except RedisError as error:
        raise StoreUnavailable("failed") from error
