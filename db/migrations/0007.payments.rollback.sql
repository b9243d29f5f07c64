drop table shop.payment_events;
drop table shop.refunds;
drop function shop.add_up_refunds();
drop table shop.payments;
