create function logic.minor_units(amount numeric) returns bigint
language sql immutable
return (amount * 100)::bigint;
comment on function logic.minor_units is 'An amount in cents, as Stripe counts. Currencies without cents are not supported.';
