-- Undoes 0028.manual-capture.
-- depends: 0027.shipments

alter table shop.payments drop constraint payments_capture_method_is_known, drop column capture_method;
alter table shop.settings drop constraint settings_capture_method_is_known, drop column capture_method;
