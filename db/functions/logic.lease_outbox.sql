create function logic.lease_outbox(batch integer, lease_seconds integer)
returns table (id uuid, topic text, attempt integer)
language plpgsql security definer set search_path = '' as $$
begin
  return query
  update shop.outbox o set attempts = o.attempts + 1, lease_until = now() + make_interval(secs => lease_seconds)
  where o.id in (
    select w.id from shop.outbox w
    where w.done_at is null and w.dead_at is null and w.available_at <= now()
      and (w.lease_until is null or w.lease_until <= now())
    order by w.available_at, w.created_at
    limit batch
    for update skip locked
  )
  returning o.id, o.topic, o.attempts;
end;
$$;
comment on function logic.lease_outbox is
  'Hands out waiting rows for some seconds; what is not finished by then is handed out again. The attempt fences off earlier holders.';
grant execute on function logic.lease_outbox to worker;
