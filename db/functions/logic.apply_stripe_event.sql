create function logic.apply_stripe_event(event jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  result text := 'ignored';
begin
  insert into shop.payment_events (id, type, payload, outcome)
  values (event ->> 'id', event ->> 'type', event, result)
  on conflict on constraint payment_events_pkey do nothing;
  if not found then
    return jsonb_build_object('outcome', 'duplicate');
  end if;
  if event ->> 'type' like 'payment_intent.%' then
    result := logic.apply_intent(event #> '{data,object}') ->> 'outcome';
  elsif event ->> 'type' like 'refund.%' then
    perform logic.record_refund(r.id, event #> '{data,object}')
    from shop.refunds r
    where r.stripe_refund_id = event #>> '{data,object,id}'
      or r.id = logic.to_uuid(event #>> '{data,object,metadata,refund_id}');
    result := case when found then 'applied' else 'ignored' end;
  end if;
  update shop.payment_events e set outcome = result where e.id = event ->> 'id';
  return jsonb_build_object('outcome', result);
end;
$$;
comment on function logic.apply_stripe_event is
  'Takes a verified webhook once, by its id, and applies it in the same transaction. Outcome applied, duplicate, ignored (unknown kinds too) or quarantined.';
grant execute on function logic.apply_stripe_event to service;
