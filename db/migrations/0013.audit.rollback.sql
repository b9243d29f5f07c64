-- Undoes 0013.audit.
-- depends: 0012.notices

drop trigger tax_rates_audit on shop.tax_rates;
drop trigger shipping_methods_audit on shop.shipping_methods;
drop trigger settings_audit on shop.settings;
drop trigger refunds_audit on shop.refunds;
drop trigger stock_movements_audit_correction on shop.stock_movements;
drop trigger customer_prices_audit on shop.customer_prices;
drop trigger product_variants_audit_price on shop.product_variants;
drop trigger products_audit_price on shop.products;
drop trigger accounts_audit_new_staff on auth.accounts;
drop trigger accounts_audit_switch on auth.accounts;
drop trigger accounts_audit_role on auth.accounts;
drop function shop.audit_row;
drop table shop.audit_log;
drop function shop.audit;
