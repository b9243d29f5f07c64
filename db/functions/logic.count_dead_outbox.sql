create function logic.count_dead_outbox() returns bigint
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select count(*) from shop.outbox o where o.dead_at is not null);
end;
$$;
comment on function logic.count_dead_outbox is 'How many rows were given up and wait for a person.';
grant execute on function logic.count_dead_outbox to service;
