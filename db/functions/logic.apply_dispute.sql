create function logic.apply_dispute(dispute jsonb) returns text
language plpgsql security definer set search_path = '' as $$
declare
  ranks constant text[] := '{warning_needs_response, warning_under_review, warning_closed, needs_response, under_review, won, lost, prevented}';
  disputed record;
  changed shop.disputes;
begin
  select o.order_number, p.id as payment_id, p.amount, p.currency into disputed
  from shop.orders o join shop.payments p on p.order_id = o.id
  where p.intent_id = dispute ->> 'payment_intent' for update of o;
  if disputed.payment_id is null then
    return 'ignored';
  elsif coalesce((dispute ->> 'amount')::bigint, 0) not between 1 and logic.minor_units(disputed.amount)
    or dispute ->> 'currency' is distinct from lower(disputed.currency)
    or array_position(ranks, dispute ->> 'status') is null
  then
    return 'quarantined';
  end if;
  insert into shop.disputes as d (id, payment_id, amount, reason, status)
  values (
    dispute ->> 'id', disputed.payment_id, (dispute ->> 'amount')::numeric / 100,
    left(coalesce(dispute ->> 'reason', ''), 100), dispute ->> 'status'
  )
  -- Forward only: what came late and speaks of an earlier state changes nothing.
  on conflict on constraint disputes_pkey do update set status = excluded.status
  where array_position(ranks, d.status) < array_position(ranks, excluded.status)
    and d.status not in ('won', 'lost', 'prevented')
  returning * into changed;
  if changed.id is not null then
    perform logic.emit_to('{admin}', 'payment.alert', jsonb_build_object('text', format(
      'The bank of who paid order %s disputes %s %s of it (%s): %s.', disputed.order_number, changed.amount,
      disputed.currency, changed.reason, replace(changed.status, '_', ' ')
    )));
  end if;
  return 'applied';
end;
$$;
comment on function logic.apply_dispute is 'Brings a dispute up to what Stripe says; safe to repeat and in any order. The order is flagged, the books follow, admins get word of each step. Outcome applied, ignored (not ours) or quarantined.';
