"""The bank's records over any place that keeps files: what is common to SQLite and Cosmos DB."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import date

from pydantic import TypeAdapter

from adapters.customers import file as files
from adapters.customers.file import CustomerFile
from core.bank import (
    Account,
    Application,
    CallNote,
    CardProduct,
    Customer,
    FeeKind,
    Refund,
    RetirementAccount,
    Transaction,
)

CARDS = TypeAdapter(tuple[CardProduct, ...])
NOTE = TypeAdapter(CallNote)
REFUND = TypeAdapter(Refund)
APPLICATION = TypeAdapter(Application)
APPLICATION_IF_ANY = TypeAdapter(Application | None)

type Change[T] = Callable[[CustomerFile], tuple[CustomerFile, T]]


class Customers(ABC):
    """A `core.bank.CustomerStore` but for the place, which a subclass knows.

    An effect raises ValueError without a key, and LookupError for a customer who is not known.
    """

    # --- the place --------------------------------------------------------------------------------

    @abstractmethod
    def warm(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _file(self, client_id: str) -> CustomerFile | None: ...

    @abstractmethod
    def _names(self) -> Mapping[str, str]:
        """Return every customer's full name by client id."""

    @abstractmethod
    def _client_of(self, phone: str) -> str | None: ...

    @abstractmethod
    def _write_once[T](
        self, client_id: str, key: str, change: Change[T], result: TypeAdapter[T]
    ) -> T:
        """Write a changed file and its result under `key`, both or nothing, and only once."""

    @abstractmethod
    def take_attempt(self, scope: str, *, limit: int) -> bool: ...

    @abstractmethod
    def forget_attempts(self, scope: str) -> None: ...

    @abstractmethod
    def card_products(self) -> tuple[CardProduct, ...]: ...

    @abstractmethod
    def note_call(self, client_id: str, note: CallNote) -> None: ...

    @abstractmethod
    def call_notes(self, client_id: str, *, limit: int = 10) -> tuple[CallNote, ...]: ...

    # --- people -----------------------------------------------------------------------------------

    def by_phone(self, phone: str) -> Customer | None:
        client_id = self._client_of(phone)
        return self.customer(client_id) if client_id else None

    def customer(self, client_id: str) -> Customer | None:
        found = self._file(client_id)
        return found.customer if found else None

    def by_name(self, full_name: str) -> Customer | None:
        client_id = files.called(self._names(), full_name)
        return self.customer(client_id) if client_id else None

    def proves(
        self, client_id: str, *, last_four: str | None = None, date_of_birth: date | None = None
    ) -> bool:
        found = self._file(client_id)
        return found is not None and files.proves(found, last_four, date_of_birth)

    # --- money ------------------------------------------------------------------------------------

    def accounts(self, client_id: str) -> tuple[Account, ...]:
        found = self._file(client_id)
        return found.accounts if found else ()

    def transactions(
        self, client_id: str, *, kind: str | None = None, limit: int = 10
    ) -> tuple[Transaction, ...]:
        found = self._file(client_id)
        return files.newest(found, kind, limit) if found else ()

    def retirement_accounts(self, client_id: str) -> tuple[RetirementAccount, ...]:
        found = self._file(client_id)
        return found.retirement if found else ()

    def refund_fee(self, *, key: str, client_id: str, fee: FeeKind | None, today: date) -> Refund:
        def give_back(file: CustomerFile) -> tuple[CustomerFile, Refund]:
            return files.refund_fee(file, fee, today)

        return self._once(client_id, key, give_back, REFUND)

    def refund_approved(
        self, *, key: str, client_id: str, transaction_id: str, today: date
    ) -> Refund:
        def give_back(file: CustomerFile) -> tuple[CustomerFile, Refund]:
            return files.refund_approved(file, transaction_id, today)

        return self._once(client_id, key, give_back, REFUND)

    # --- cards ------------------------------------------------------------------------------------

    def applications(self, client_id: str) -> tuple[Application, ...]:
        found = self._file(client_id)
        return found.applications if found else ()

    def send_agreement(self, *, key: str, client_id: str, card: str) -> Application:
        def send(file: CustomerFile) -> tuple[CustomerFile, Application]:
            return files.send_agreement(file, card)

        return self._once(client_id, key, send, APPLICATION)

    def approve_application(
        self, *, key: str, client_id: str, card: str, credit_limit: int
    ) -> Application | None:
        def approve(file: CustomerFile) -> tuple[CustomerFile, Application | None]:
            return files.approve_application(file, card, credit_limit)

        return self._once(client_id, key, approve, APPLICATION_IF_ANY)

    def _once[T](self, client_id: str, key: str, change: Change[T], result: TypeAdapter[T]) -> T:
        if not key:
            raise ValueError("an effect without a key could happen twice")
        return self._write_once(client_id, key, change, result)


def changed[T](file: CustomerFile | None, change: Change[T]) -> tuple[CustomerFile, T]:
    """Return what becomes of a file. Raises LookupError when there is none."""
    if file is None:
        raise LookupError("no such customer")
    return change(file)
