create function logic.claim_outbox(id uuid, attempt integer) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  answer jsonb;
begin
  -- Counted here and not when it is handed out: a bell that nobody heard is no attempt. Of several bells for one
  -- attempt the first one claims. The lease begins anew, so that a slow queue does not cost the worker its time.
  update shop.outbox o set attempts = o.attempts + 1, lease_until = now() + interval '60 seconds'
  where o.id = claim_outbox.id and o.attempts = attempt and o.done_at is null and o.dead_at is null
  returning jsonb_build_object(
    'topic', o.topic, 'payload', o.payload, 'attempt', o.attempts, 'request_id', o.request_id, 'traceparent', o.traceparent
  ) into answer;
  return answer;
end;
$$;
comment on function logic.claim_outbox is 'Topic, payload, number of this attempt and the request that caused it, null if the row is done or somebody else''s by now.';
grant execute on function logic.claim_outbox to worker;
