create function logic.check_request() returns void
language plpgsql stable set search_path = '' as $$
declare
  claims jsonb := coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}');
  -- By this the server's own log and pg_stat_activity know which request it is.
  named text := set_config('application_name', logic.header('x-request-id'), true);
begin
  -- PostgREST gives anonymous callers just a role. A signed token with less than all claims is no anonymous caller.
  if claims - 'role' <> '{}' or current_user <> 'anon' then
    perform logic.check_session(claims);
  end if;
end;
$$;
comment on function logic.check_request is 'Runs before every request of PostgREST, as the caller''s role.';
grant execute on function logic.check_request to anon, customer;
