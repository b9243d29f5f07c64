create function logic.money(amount numeric) returns text
-- Stable, as to_char is: else PostgreSQL would not write it into the statement that calls it.
language sql stable
return to_char(amount, 'FM9999999990.00');
comment on function logic.money is 'An amount as /api/v1 writes it: a string with two decimals.';
grant execute on function logic.money to anon, customer;
