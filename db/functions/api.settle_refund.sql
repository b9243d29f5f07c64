create function api.settle_refund(refund_id uuid) returns api.refunds
language plpgsql security definer set search_path = '' as $$
declare
  method text;
  answer api.refunds;
begin
  select p.method into method from shop.refunds r join shop.payments p on p.id = r.payment_id
  where r.id = settle_refund.refund_id;
  if method is null then
    perform logic.problem(404, 'refund_not_found', 'There is no such refund.');
  elsif method = 'card' then
    perform logic.problem(409, 'payment_by_card', 'Stripe gives back what was paid by card.');
  end if;
  perform logic.record_refund(settle_refund.refund_id, '{"status": "succeeded"}');
  select r.* into answer from api.refunds r where r.id = settle_refund.refund_id;
  return answer;
end;
$$;
comment on function api.settle_refund is $$Settle a refund
For staff: what had come by transfer or in cash, and was to go back (pending in refunds), has been given back. The customer gets a mail. Argument: refund_id.
Errors: 404 refund_not_found, 409 payment_by_card.$$;
grant execute on function api.settle_refund to staff;
