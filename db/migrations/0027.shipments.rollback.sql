-- Undoes 0027.shipments.
-- depends: 0026.any-act-once

drop table shop.order_notes;
drop table shop.shipment_items;
drop function shop.count_shipped();
drop table shop.shipments;
alter table shop.order_items
  drop constraint order_items_returned_include_cancelled,
  drop constraint order_items_ship_what_is_not_cancelled,
  drop column cancelled_quantity,
  drop column shipped_quantity;
alter table shop.order_status_history drop column actor;
drop function shop.actor();
