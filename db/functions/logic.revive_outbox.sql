create function logic.revive_outbox(topics text default '') returns integer
language plpgsql security definer set search_path = '' as $$
declare
  revived integer;
begin
  update shop.outbox o set dead_at = null, attempts = 0, lease_until = null, available_at = now()
  where o.dead_at is not null and o.topic ~ topics;
  get diagnostics revived = row_count;
  notify outbox;
  return revived;
end;
$$;
comment on function logic.revive_outbox is 'Has everything that was given up tried again, once its cause is mended; topics is a pattern. Returns how many rows.';
grant execute on function logic.revive_outbox to worker;
