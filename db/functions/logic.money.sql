create function logic.money(amount numeric) returns text
language sql immutable set search_path = ''
return to_char(amount, 'FM9999999990.00');
comment on function logic.money is 'An amount as /api/v1 writes it: a string with two decimals.';
grant execute on function logic.money to anon, customer;
