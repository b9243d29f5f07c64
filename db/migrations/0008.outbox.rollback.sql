drop table shop.outbox;
drop function shop.ring_outbox();
