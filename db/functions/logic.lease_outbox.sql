create function logic.lease_outbox(batch integer, lease_seconds integer) returns table (
  id uuid, topic text, attempt integer, request_id text, traceparent text
)
language plpgsql security definer set search_path = '' as $$
begin
  -- Thirty times begun and never heard of again (logic.fail_outbox counts the same): this row kills its worker.
  update shop.outbox o set dead_at = now(), last_error = coalesce(o.last_error, 'The worker ended each time.')
  where o.attempts >= 30 and o.done_at is null and o.dead_at is null and o.available_at <= now() and o.lease_until <= now();
  return query
  update shop.outbox o set lease_until = now() + make_interval(secs => lease_seconds)
  where o.id in (
    select w.id from shop.outbox w
    where w.done_at is null and w.dead_at is null and w.available_at <= now()
      and (w.lease_until is null or w.lease_until <= now())
    order by w.available_at, w.created_at
    limit batch
    for update skip locked
  )
  returning o.id, o.topic, o.attempts, o.request_id, o.traceparent;
end;
$$;
comment on function logic.lease_outbox is 'Hands out waiting rows for some seconds; what is not finished by then is handed out again. The attempts so far go along: who claims must know them.';
grant execute on function logic.lease_outbox to worker;
