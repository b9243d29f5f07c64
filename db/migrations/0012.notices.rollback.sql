-- Undoes 0012.notices.
-- depends: 0011.pictures

drop table shop.job_slots;
alter table shop.orders
  drop constraint orders_carrier_length,
  drop column carrier;
