drop table shop.payment_events;
drop table shop.refunds;
drop function shop.add_up_refunds();
drop table shop.payments;
drop trigger orders_check_payment on shop.orders;
drop function shop.check_order_payment();
