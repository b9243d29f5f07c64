create function logic.header(name text) returns text
language sql stable
return nullif(nullif(current_setting('request.headers', true), '')::json ->> name, '');
comment on function logic.header is 'A request header by its lower-case name, null when absent.';
grant execute on function logic.header to anon, customer;
