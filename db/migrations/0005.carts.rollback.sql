drop table shop.cart_items;
drop function shop.count_cart_version();
drop table shop.carts;
drop table shop.customer_prices;
