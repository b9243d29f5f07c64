create function logic.record_refund(refund_id uuid, refund jsonb) returns void
language plpgsql security definer set search_path = '' as $$
declare
  refunded_order shop.orders;
  payment shop.payments;
  known shop.refunds;
  stripe_status constant text := case refund ->> 'status'
    when 'succeeded' then 'succeeded' when 'failed' then 'failed' when 'canceled' then 'failed' else 'pending' end;
begin
  select o.* into refunded_order
  from shop.refunds r join shop.payments p on p.id = r.payment_id join shop.orders o on o.id = p.order_id
  where r.id = record_refund.refund_id for update of o;
  select r.* into known from shop.refunds r where r.id = record_refund.refund_id for update;
  if known.id is null or known.status = 'failed' or known.status = stripe_status and known.stripe_refund_id is not distinct from refund ->> 'id'
    or known.status = 'succeeded' and stripe_status = 'pending'
    -- A second one for what was asked for once is no news of this.
    or known.stripe_refund_id <> refund ->> 'id'
  then
    return;
  end if;
  update shop.refunds r set status = stripe_status, stripe_refund_id = refund ->> 'id' where r.id = known.id;
  if stripe_status = 'succeeded' then
    select p.* into payment from shop.payments p where p.id = known.payment_id;
    -- What is only on its way may still fail.
    if (select sum(r.amount) from shop.refunds r where r.payment_id = payment.id and r.status = 'succeeded') = payment.captured_amount
      and refunded_order.status in ('confirmed', 'processing', 'shipped', 'delivered')
    then
      perform logic.set_status(refunded_order.id, 'refunded', 'Refunded in full');
    end if;
    perform logic.emit(
      'order.refunded', jsonb_build_object('order_id', refunded_order.id, 'refund_id', known.id)
    );
  elsif stripe_status = 'failed' then
    perform logic.emit_to('{admin}', 'payment.alert', jsonb_build_object('text', format(
      'A refund of %s for order %s has failed: the customer does not have the money. Ask why in Stripe''s dashboard.',
      logic.money(known.amount), refunded_order.order_number
    )));
  end if;
end;
$$;
comment on function logic.record_refund is 'Brings a refund up to what Stripe says, or staff where Stripe has no part, forward only, and tells the customer once. A fully refunded order becomes refunded.';
grant execute on function logic.record_refund to worker;
