create function logic.finish_outbox(id uuid, attempt integer) returns void
language plpgsql security definer set search_path = '' as $$
begin
  update shop.outbox o set done_at = now(), lease_until = null, last_error = null
  where o.id = finish_outbox.id and o.attempts = attempt;
end;
$$;
comment on function logic.finish_outbox is 'Marks a row as done, if it is still the caller''s.';
grant execute on function logic.finish_outbox to worker;
