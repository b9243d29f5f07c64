"""What clients may send, checked before anything is done with it."""

import json
from typing import Annotated, Self, TypeVar
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request

from extensions.passwords import LONGEST, SHORTEST, why_refused
from extensions.problems import Problem

LARGEST = 64 * 1024


def is_clean(text: str) -> str:
    """Refuse what PostgreSQL cannot store: NUL, and halves of surrogate pairs."""
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("Holds characters that are no text.")
    return text


def is_one_line(text: str) -> str:
    """Refuse control characters: a name is printed into mails and lists."""
    if any(ord(sign) < 32 or sign in "\x7f\x85\u2028\u2029" for sign in text):
        raise ValueError("Must be one line of text.")
    return text


Text = Annotated[str, AfterValidator(is_clean)]
Name = Annotated[Text, AfterValidator(is_one_line), Field(max_length=150)]

# The refresh token of a guest, whose cart is to come along.
GuestToken = Annotated[Text, Field(max_length=4096)]


class Body(BaseModel):
    """A JSON object whose fields are all known."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def is_address(value: str) -> str:
    """The form of an address; whether it is somebody's, a mail tells."""
    try:
        return validate_email(value.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None


Email = Annotated[Text, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(is_address)]
Secret = Annotated[Text, Field(max_length=4 * LONGEST)]
# Its lengths are told with the other rules of a good one (why_refused).
Chosen = Annotated[Text, Field(json_schema_extra={"minLength": SHORTEST, "maxLength": LONGEST})]


class NewPassword(Body):
    """A password that somebody chooses, typed twice."""

    password: Chosen
    password2: Chosen

    @model_validator(mode="after")
    def passwords_agree(self) -> Self:
        """Both spellings equal, and strong enough."""
        if self.password != self.password2:
            raise ValueError("The two passwords differ.")
        reason = why_refused(self.password, getattr(self, "email", ""))
        if reason:
            raise ValueError(reason)
        return self


class Registration(NewPassword):
    """POST /api/v1/auth/register/."""

    email: Email
    first_name: Name = ""
    last_name: Name = ""
    guest_token: GuestToken = ""


class Reset(NewPassword):
    """POST /api/v1/auth/password/reset/confirm/."""

    token: Text = Field(max_length=200)


class PasswordChange(NewPassword):
    """POST /api/v1/auth/password/change/."""

    current_password: Secret


class EmailChange(Body):
    """POST /api/v1/users/me/email/."""

    email: Email
    password: Secret


class MailRequest(Body):
    """POST /api/v1/auth/password/reset/ and verify/resend/."""

    email: Email


class Login(Body):
    """POST /api/v1/auth/login/."""

    email: Text = Field(max_length=254)
    password: Secret
    guest_token: GuestToken = ""


class SupabaseSignUp(Body):
    """POST /auth/v1/signup; clients send more, of which nothing is made."""

    model_config = ConfigDict(extra="ignore")

    email: Email
    password: Chosen


class SupabaseGrant(Body):
    """POST /auth/v1/token: address and password, or a refresh token; clients send more."""

    model_config = ConfigDict(extra="ignore")

    email: Text = Field("", max_length=254)
    password: Secret = ""
    refresh_token: Text = Field("", max_length=4096)


class CodeAnswer(Body):
    """POST /api/v1/auth/mfa/verify/."""

    mfa_token: Text = Field(max_length=4096)
    code: Text = Field(max_length=64)
    guest_token: GuestToken = ""


class Enrolment(Body):
    """POST /api/v1/auth/mfa/enroll/: the password, or what the sign-in answered."""

    password: Text = Field("", max_length=4 * LONGEST)
    mfa_token: Text = Field("", max_length=4096)


class Code(Body):
    """POST /api/v1/auth/mfa/confirm/."""

    code: Text = Field(max_length=64)
    mfa_token: Text = Field("", max_length=4096)


class BothFactors(Body):
    """POST /api/v1/auth/mfa/disable/ and recovery-codes/."""

    password: Text = Field(max_length=4 * LONGEST)
    code: Text = Field(max_length=64)


class Guest(Body):
    """POST /api/v1/cart/merge/."""

    guest_token: GuestToken = Field(min_length=1)


class Refresh(Body):
    """POST /api/v1/auth/refresh/ and logout/."""

    # As long as an access token may be, so that a wrong kind of token is told as that.
    refresh: Text = Field(max_length=4096)


class KeyExchange(Body):
    """POST /api/v1/auth/token/."""

    api_key: Text = Field(max_length=200)


class Verification(Body):
    """POST /api/v1/auth/verify/."""

    token: Text = Field(max_length=200)


class Erasure(Body):
    """DELETE /api/v1/users/me/."""

    # Guests have none.
    password: Text = Field("", max_length=4 * LONGEST)


class IntentRequest(Body):
    """POST /api/v1/payments/create-intent/."""

    order_id: Annotated[UUID, Field(strict=False)]


class Confirmation(Body):
    """POST /api/v1/payments/confirm/."""

    order_id: Annotated[UUID, Field(strict=False)]
    payment_method: Text = Field(max_length=255, pattern=r"^(pm|card)_\w+$")


class PictureWords(Body):
    """What goes with the file in POST /api/v1/products/{slug}/images/: fields of a form, which are all text."""

    alt_text: Text = Field("", max_length=255)
    is_primary: Annotated[bool, Field(strict=False)] | SkipJsonSchema[None] = Field(
        None, json_schema_extra=lambda schema: schema.__delitem__("default")
    )


class NoWords(Body):
    """Nothing goes with the file of a category, or of a person."""


Model = TypeVar("Model", bound=Body)


async def read(request: Request, model: type[Model]) -> Model:
    """The request's body as `model`. Raises Problem 400, 413, 415 or 422 with each mistake by field."""
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "unsupported_media_type", "The body must be JSON.")
    raw = await request.body()
    if len(raw) > LARGEST:
        raise Problem(413, "payload_too_large", "The body is too large.")
    try:
        given = json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise Problem(400, "invalid_json", "The body is not valid JSON.") from None
    if not isinstance(given, dict):
        raise Problem(422, "validation_failed", "The body must be a JSON object.")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        # A rule about two fields belongs to the password's.
        said = [e["msg"].removeprefix("Value error, ") for e in error.errors() if not e["loc"]]
        if said and issubclass(model, NewPassword):
            raise Problem(
                422, "validation_failed", "Some fields are missing or wrong.", details={"password": said}
            ) from None
        raise
