create function logic.end_sessions(account_id uuid, reason text, kept uuid default null) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  total integer;
begin
  -- Refreshing locks one of them at a time; in the order of ids, two who end all cannot block each other.
  perform 1 from auth.sessions s
  where s.account_id = end_sessions.account_id and s.ended_at is null order by s.id for update;
  update auth.sessions s set ended_at = now(), end_reason = reason
  where s.account_id = end_sessions.account_id and s.ended_at is null and s.id is distinct from kept;
  get diagnostics total = row_count;
  return total;
end;
$$;
comment on function logic.end_sessions is
  'Ends every session of an account but the one that is kept; their access tokens are refused from the next request on. Returns how many.';
grant execute on function logic.end_sessions to service;
