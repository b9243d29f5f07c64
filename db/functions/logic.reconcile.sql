create function logic.reconcile(thing jsonb) returns text
language plpgsql security definer set search_path = '' as $$
declare
  outcome text;
  states text[];
begin
  for step in 1..2 loop
    states[step] := (
      select jsonb_build_array(
        o.status, p.intent_id, p.status, p.captured_amount,
        (select jsonb_agg(array[r.id::text, r.status] order by r.id) from shop.refunds r where r.payment_id = p.id),
        (select jsonb_agg(array[d.id, d.status] order by d.id) from shop.disputes d where d.payment_id = p.id)
      )
      from shop.payments p join shop.orders o on o.id = p.order_id
      where p.intent_id = coalesce(thing ->> 'payment_intent', thing ->> 'id')
        or p.intent_id is null and p.order_id = logic.to_uuid(thing #>> '{metadata,order_id}')
    );
    if step = 1 then
      outcome := logic.apply_stripe_object(thing);
    end if;
  end loop;
  if outcome = 'quarantined' then
    -- Told of like an event, and once.
    perform logic.apply_stripe_event(
      jsonb_build_object('id', 'reconciled:' || (thing ->> 'id'), 'type', 'reconciled', 'data', jsonb_build_object('object', thing))
    );
  elsif outcome = 'applied' then
    outcome := case when states[1] = states[2] then 'unchanged' else 'repaired' end;
  end if;
  return outcome;
end;
$$;
comment on function logic.reconcile is 'Does for an object of Stripe what its webhooks would have done. Outcome unchanged, repaired, ignored (not ours), deferred or quarantined.';
grant execute on function logic.reconcile to worker;
