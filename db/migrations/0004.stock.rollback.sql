drop trigger product_variants_open_stock on shop.product_variants;
drop function shop.open_stock();
drop table shop.stock_movements;
drop function shop.post_movement();
drop table shop.stock;
drop function shop.guard_stock();
