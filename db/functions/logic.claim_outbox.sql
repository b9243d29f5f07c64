create function logic.claim_outbox(id uuid, attempt integer)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  answer jsonb;
begin
  -- A claimed row is leased anew from now, so that a queue that was slow does not cost the worker its time.
  update shop.outbox o set lease_until = now() + interval '60 seconds'
  where o.id = claim_outbox.id and o.attempts = attempt and o.done_at is null and o.dead_at is null
  returning jsonb_build_object('topic', o.topic, 'payload', o.payload) into answer;
  return answer;
end;
$$;
comment on function logic.claim_outbox is 'Topic and payload of a leased row, null if it is done or somebody else''s by now.';
grant execute on function logic.claim_outbox to worker;
