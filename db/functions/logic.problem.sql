create function logic.problem(
  status integer, code text, message text, details text default null, hint text default null, headers json default '{}'
) returns void
language plpgsql set search_path = '' as $$
begin
  raise sqlstate 'PGRST' using
    message = json_build_object('code', code, 'message', message, 'details', details, 'hint', hint)::text,
    detail = json_build_object('status', status, 'headers', headers)::text;
end;
$$;
comment on function logic.problem is 'The one way to refuse: ends the transaction with an HTTP status and a body {code, message, details, hint}. Details that a program reads are JSON as text.';
grant execute on function logic.problem to anon, customer;
