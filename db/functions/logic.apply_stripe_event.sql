create function logic.apply_stripe_event(event jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  thing jsonb := event #> '{data,object}';
  result text;
begin
  insert into shop.payment_events (id, type, payload, outcome)
  values (event ->> 'id', event ->> 'type', event, 'ignored')
  on conflict on constraint payment_events_pkey do nothing;
  if not found then
    return jsonb_build_object('outcome', 'duplicate');
  end if;
  result := logic.apply_stripe_object(thing);
  update shop.payment_events e set outcome = result where e.id = event ->> 'id';
  if result = 'quarantined' then
    perform logic.emit_to('{admin}', 'payment.alert', jsonb_build_object('text', format(
      'Stripe tells of something that fits no order, and nothing was changed by it: event %s (%s) about %s. Look at payment_events.',
      event ->> 'id', event ->> 'type', thing ->> 'id'
    )));
  end if;
  return jsonb_build_object('outcome', result);
end;
$$;
comment on function logic.apply_stripe_event is 'Takes a verified webhook once, by its id, and applies it in the same transaction. Outcome applied, duplicate, ignored (unknown kinds too), deferred (until its payment is known of) or quarantined (admins get word).';
grant execute on function logic.apply_stripe_event to service;
