drop table shop.cart_items;
drop function shop.count_cart_version();
drop trigger customers_open_cart on shop.customers;
drop function shop.open_cart();
drop table shop.carts;
drop table shop.customer_prices;
