create function logic.fail_outbox(id uuid, attempt integer, error text)
returns void
language plpgsql security definer set search_path = '' as $$
begin
  update shop.outbox o set
    lease_until = null,
    last_error = left(error, 1000),
    -- 1, 2, 4 … seconds, at most an hour: twelve attempts reach over an hour of trouble.
    available_at = now() + make_interval(secs => least(3600, 2 ^ (o.attempts - 1))),
    dead_at = case when o.attempts >= 12 then now() end
  where o.id = fail_outbox.id and o.attempts = attempt and o.done_at is null;
end;
$$;
comment on function logic.fail_outbox is 'Puts a row back for later, with growing pauses; dead after twelve attempts.';
grant execute on function logic.fail_outbox to worker;
