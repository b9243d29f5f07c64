create function logic.apply_refund(refund jsonb) returns text
language plpgsql security definer set search_path = '' as $$
declare
  payment shop.payments;
  refund_id uuid;
begin
  -- Before it is looked for: of two that tell of it at once the second finds what the first has written.
  perform from shop.orders o join shop.payments p on p.order_id = o.id
  where p.intent_id = refund ->> 'payment_intent' for update of o;
  select r.id into refund_id from shop.refunds r
  where r.stripe_refund_id = refund ->> 'id' or r.id = logic.to_uuid(refund #>> '{metadata,refund_id}');
  if refund_id is null then
    -- Made at Stripe, by somebody who did not come here first.
    select p.* into payment from shop.payments p where p.intent_id = refund ->> 'payment_intent' for update;
    if payment.id is null then
      return 'ignored';
    elsif payment.captured_amount = 0 then
      return 'deferred';
    elsif refund ->> 'currency' is distinct from lower(payment.currency) then
      return 'quarantined';
    end if;
    insert into shop.refunds (payment_id, amount, reason)
    values (payment.id, (refund ->> 'amount')::numeric / 100, 'Given back at Stripe') returning id into refund_id;
  elsif not exists (
    -- Nor twice for what was asked for once.
    select from shop.refunds r where r.id = refund_id and logic.minor_units(r.amount) = (refund ->> 'amount')::bigint
      and coalesce(r.stripe_refund_id, refund ->> 'id') = refund ->> 'id'
  ) then
    return 'quarantined';
  end if;
  perform logic.record_refund(refund_id, refund);
  return 'applied';
exception when check_violation then
  return 'quarantined';
end;
$$;
comment on function logic.apply_refund is 'Brings a refund up to what Stripe says, also one that was made there. Outcome applied, ignored (not ours), deferred (its payment is not known of yet) or quarantined (another amount or currency, more than was paid, or a second one for what was asked for once).';
