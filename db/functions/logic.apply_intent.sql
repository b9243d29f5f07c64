create function logic.apply_intent(intent jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  paid_order shop.orders;
  payment shop.payments;
  is_news boolean;
begin
  select o.* into paid_order
  from shop.orders o join shop.payments p on p.order_id = o.id
  where p.intent_id = intent ->> 'id'
    or p.intent_id is null and p.order_id = logic.to_uuid(intent #>> '{metadata,order_id}')
  for update of o;
  if paid_order.id is null then
    -- A second intent of an order: Stripe had failed, and made it all the same. Nobody was told how to pay by it.
    select p.* into payment from shop.payments p where p.order_id = logic.to_uuid(intent #>> '{metadata,order_id}');
    if payment.id is null or intent ->> 'status' = 'canceled' then
      return jsonb_build_object('outcome', 'ignored');
    elsif intent ->> 'status' = 'succeeded' then
      return jsonb_build_object('outcome', 'quarantined', 'order_id', payment.order_id);
    end if;
    perform logic.emit('payment.cancel', jsonb_build_object('order_id', payment.order_id, 'intent_id', intent ->> 'id'));
    return jsonb_build_object('outcome', 'ignored');
  end if;
  -- Stock before payment, as cancellation does.
  perform logic.lock_stock_of(paid_order.id);
  select p.* into payment from shop.payments p where p.order_id = paid_order.id for update;
  if (intent ->> 'amount')::bigint is distinct from logic.minor_units(payment.amount)
    or payment.method <> 'card'
    or intent ->> 'currency' is distinct from lower(payment.currency)
    or logic.to_uuid(intent #>> '{metadata,order_id}') is distinct from paid_order.id
    or intent ->> 'status' = 'succeeded'
      and (intent ->> 'amount_received')::bigint is distinct from logic.minor_units(payment.amount)
  then
    return jsonb_build_object('outcome', 'quarantined', 'order_id', paid_order.id);
  end if;
  -- Forward only: what came late and speaks of an earlier state changes nothing. What is authorised is taken or let go.
  if payment.status not in ('succeeded', 'canceled')
    and (payment.status <> 'requires_capture' or intent ->> 'status' in ('succeeded', 'canceled'))
  then
    is_news := payment.intent_id is null;
    update shop.payments p set
      intent_id = intent ->> 'id',
      client_secret = coalesce(intent ->> 'client_secret', p.client_secret),
      status = intent ->> 'status',
      captured_amount = case intent ->> 'status' when 'succeeded' then p.amount else 0 end
    where p.id = payment.id returning * into payment;
    if payment.status = 'succeeded' then
      perform logic.settle_order(paid_order, payment);
      update shop.payment_events e set outcome = logic.apply_refund(e.payload #> '{data,object}')
      where e.outcome = 'deferred' and e.payload #>> '{data,object,payment_intent}' = payment.intent_id;
    elsif is_news and paid_order.status = 'cancelled' then
      perform logic.emit('payment.cancel', jsonb_build_object('order_id', paid_order.id, 'intent_id', payment.intent_id));
    end if;
  end if;
  select o.* into paid_order from shop.orders o where o.id = paid_order.id;
  return jsonb_build_object(
    'outcome', 'applied', 'order_id', paid_order.id, 'order_status', paid_order.status, 'status', payment.status
  );
end;
$$;
comment on function logic.apply_intent is 'Brings an order up to what a PaymentIntent of Stripe says; safe to repeat and in any order. Outcome applied, ignored (not ours) or quarantined (amount, currency, metadata or way to pay differ: nobody is marked as paid).';
grant execute on function logic.apply_intent to service;
