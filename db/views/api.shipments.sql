create view api.shipments with (security_invoker) as
select
  s.id, s.order_id, s.carrier, s.tracking_number, s.shipped_at, (
    select jsonb_agg(jsonb_build_object('order_item_id', c.order_item_id, 'quantity', c.quantity) order by c.order_item_id)
    from shop.shipment_items c where c.shipment_id = s.id
  ) as items
from shop.shipments s;
comment on view api.shipments is $$Shipments
Parcels of one's own orders; staff see all and send them by create_shipment.$$;
comment on column api.shipments.id is 'Key.';
comment on column api.shipments.order_id is 'The order.';
comment on column api.shipments.carrier is 'Who carries it.';
comment on column api.shipments.tracking_number is 'The carrier''s number.';
comment on column api.shipments.shipped_at is 'When it left.';
comment on column api.shipments.items is 'What lies in it: a list of {order_item_id, quantity}.';
grant select on api.shipments to customer;
