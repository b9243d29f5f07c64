create function logic.emit(topic text, payload jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  insert into shop.outbox (topic, payload) values (emit.topic, emit.payload);
end;
$$;
comment on function logic.emit is 'Leaves work for the workers, in the transaction that causes it.';
