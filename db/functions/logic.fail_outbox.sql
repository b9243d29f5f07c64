create function logic.fail_outbox(id uuid, attempt integer, error text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  is_dead boolean;
begin
  update shop.outbox o set
    lease_until = null,
    last_error = left(error, 1000),
    -- 1, 2, 4 … seconds, at most an hour: thirty attempts reach over most of a day of trouble.
    available_at = now() + make_interval(secs => least(3600, 2 ^ (o.attempts - 1))),
    dead_at = case when o.attempts >= 30 then now() end
  where o.id = fail_outbox.id and o.attempts = attempt and o.done_at is null
  returning o.dead_at is not null into is_dead;
  return coalesce(is_dead, false);
end;
$$;
comment on function logic.fail_outbox is 'Puts a row back for later, with growing pauses; dead after thirty attempts. Returns whether it is.';
grant execute on function logic.fail_outbox to worker;
